"""What is shown beside a printed label: answers of chips, signatures of owners and claim keys."""
