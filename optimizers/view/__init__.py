"""Conversations to be read by people: which are shown, and the page that shows them."""
