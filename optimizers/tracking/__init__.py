"""MLflow: what is recorded of compiles and evaluations, and where it is looked at."""
