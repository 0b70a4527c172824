"""The training loop: step, evaluate, select on validation. It is handed a module and never knows which."""
