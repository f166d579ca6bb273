"""`manage.py doctor`: looks at the installation as a whole and names what is wrong."""
