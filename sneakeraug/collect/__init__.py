"""Product photos and facts from shops' pages, politely, and from files shops export."""
