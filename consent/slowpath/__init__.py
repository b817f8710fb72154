"""The slow path: decisions answered from PostgreSQL by plain WSGI, without Django's ORM."""
