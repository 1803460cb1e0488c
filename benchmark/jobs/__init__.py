"""Long work in small steps: journal, resume, parallel execution, budget, and the record of the environment."""
