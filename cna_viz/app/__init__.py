"""The teaching app: the lesson, the explorer and the playground as web pages, on this computer and without the net."""
