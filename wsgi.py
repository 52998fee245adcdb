"""What gunicorn serves: `gunicorn wsgi:app`."""

from server import create_app, settings

settings.load_dotenv()
app = create_app()
