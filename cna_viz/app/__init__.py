"""The teaching app: the lesson, the explorer and the playground as web pages, local and offline."""
