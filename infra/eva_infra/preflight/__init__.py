"""What must be there before a stack is deployed."""
