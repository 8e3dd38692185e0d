"""What is counted of online booking, and what is known of the pages that lead to it. Nothing here names a visitor."""
