-- Times are seconds since the Unix epoch; version and epoch are random 64-bit numbers.
-- COLLATE "C": user ids are compared and ordered byte for byte, whatever the collation of the database.
CREATE TABLE totp_devices (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    confirmed_at BIGINT,
    pending_at BIGINT,
    authenticators BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    recent_failures BYTEA NOT NULL,
    backup_failures BIGINT NOT NULL,
    pending_failures BIGINT NOT NULL,
    proof_failures BYTEA NOT NULL,
    backup_codes_remaining BIGINT NOT NULL,
    last_used_at BIGINT,
    setup_required_by BIGINT,
    setup_reminded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
