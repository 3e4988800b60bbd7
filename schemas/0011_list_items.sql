-- What the lists of an imported history list, where the user said it: goods, hashtag, topic, video or app.
CREATE TABLE list_items (
    list_key BIGINT NOT NULL,
    items VARCHAR NOT NULL
);
