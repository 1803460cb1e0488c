"""Programs in front of people: OpenAI's chat API over HTTP, the chat page, and the model that MLflow serves.

Nothing is kept between two requests: a conversation is recovered from the messages of the client.
"""
