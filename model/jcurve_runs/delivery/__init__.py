"""What is owed is sent: mails made from editions, handed to a server, recipient by recipient.

The outbox goes in, mails and each recipient's state come out. ``message`` makes the text,
``deliver`` is one round and hands it over. Start reading at ``deliver``.

>>> from jcurve_runs.delivery.deliver import mail_server
>>> mail_server({"JCURVE_SMTP_HOST": "mail.example.org", "JCURVE_SMTP_FROM": "a@example.org"}).host
'mail.example.org'
"""
