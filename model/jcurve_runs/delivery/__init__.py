"""What is owed is sent: mails made from editions, handed to a server, recipient by recipient.

The outbox goes in, mails and each recipient's state come out. ``message`` makes the text,
``deliver`` is one round and hands it over. Start reading at ``deliver``.
"""
