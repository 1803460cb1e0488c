"""What the processes of several machines share: replies, charges, rows of journals, in a PostgreSQL database."""
