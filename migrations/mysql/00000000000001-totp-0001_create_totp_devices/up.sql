-- Times are seconds since the Unix epoch; version and epoch are random 64-bit numbers.
-- VARBINARY: text collations fold case and trailing blanks, and would make one user of several.
-- IF NOT EXISTS: DDL is not transactional here, and a process that died after it must not block the next.
CREATE TABLE IF NOT EXISTS totp_devices (
    user_id VARBINARY(255) NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed VARBINARY(16384) NOT NULL,
    confirmed_at BIGINT,
    pending_at BIGINT,
    authenticators VARBINARY(500) NOT NULL,
    failures BIGINT NOT NULL,
    recent_failures VARBINARY(160) NOT NULL,
    backup_failures BIGINT NOT NULL,
    pending_failures BIGINT NOT NULL,
    proof_failures VARBINARY(160) NOT NULL,
    backup_codes_remaining BIGINT NOT NULL,
    last_used_at BIGINT,
    setup_required_by BIGINT,
    setup_reminded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE = InnoDB;
