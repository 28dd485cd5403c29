-- Times are seconds since the Unix epoch; version and epoch are random 64-bit numbers.
CREATE TABLE totp_devices (
    user_id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    confirmed_at BIGINT,
    pending_at BIGINT,
    authenticators BLOB NOT NULL,
    failures BIGINT NOT NULL,
    recent_failures BLOB NOT NULL,
    backup_failures BIGINT NOT NULL,
    pending_failures BIGINT NOT NULL,
    proof_failures BLOB NOT NULL,
    backup_codes_remaining BIGINT NOT NULL,
    last_used_at BIGINT,
    setup_required_by BIGINT,
    setup_reminded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
