"""The nine protocols on one machine: nothing but this process and a folder."""
