-- Videos of products, by the address they are served under, which names their content.
CREATE TABLE product_videos (
    address text PRIMARY KEY CHECK (address ~ '^/media/v/[0-9a-f]{2}/[0-9a-f]{64}\.(mp4|webm)$'),
    size bigint NOT NULL,
    milliseconds bigint NOT NULL,
    staff_id bigint REFERENCES staff,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE products ADD COLUMN video text REFERENCES product_videos;
CREATE INDEX products_video ON products (video) WHERE video IS NOT NULL;
