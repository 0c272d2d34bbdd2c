"""What is owed is sent: mails made from editions, handed to a server, recipient by recipient.

The outbox goes in, mails and each recipient's state come out. ``message`` makes the text,
``smtp`` hands it over, ``deliver`` is one round. Start reading at ``deliver``.
"""
