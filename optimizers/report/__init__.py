"""A compile as one page for people who will not open MLflow: nothing is loaded from anywhere, and it prints."""
