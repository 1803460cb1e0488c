"""What each command takes, with the texts of its help; nothing in here imports anything heavy."""
