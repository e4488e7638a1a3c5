"""The backend queue: events out, status in.  Which one it is stands in NUANXIN_QUEUE_URL."""
