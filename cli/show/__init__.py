"""What people see: a file a subject, each makes tables and sentences out of figures."""
