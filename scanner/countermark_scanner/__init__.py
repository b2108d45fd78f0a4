"""Picture to label, label to numbered checks and a verdict, and the rules that find copies."""
