"""The judge: scores a response against the whole profile; panels, and defence against injection."""
