-- What the simulated WeChat and QQ handed out: a code for each person who agreed, then a token for that code.
CREATE TABLE sandbox_login_grants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL CHECK (provider IN ('wechat', 'qq')),
    person text NOT NULL,
    redirect_uri text NOT NULL,
    code text NOT NULL UNIQUE,
    code_ends_at timestamptz NOT NULL,
    used_at timestamptz,
    token text UNIQUE,
    token_ends_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_login_grants_newest ON sandbox_login_grants (provider, id DESC);

-- How a simulated provider feels: well, down (it answers 503), slow (it answers too late).
CREATE TABLE sandbox_login_moods (
    provider text PRIMARY KEY CHECK (provider IN ('wechat', 'qq')),
    mood text NOT NULL CHECK (mood IN ('well', 'down', 'slow'))
);
