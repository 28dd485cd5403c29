//! The plugin's table, as its migrations make it.

diesel::table! {
    totp_devices (user_id) {
        user_id -> Text,
        version -> BigInt,
        epoch -> BigInt,
        sealed -> Binary,
        confirmed_at -> Nullable<BigInt>,
        pending_at -> Nullable<BigInt>,
        authenticators -> Binary,
        failures -> BigInt,
        recent_failures -> Binary,
        backup_failures -> BigInt,
        pending_failures -> BigInt,
        proof_failures -> Binary,
        backup_codes_remaining -> BigInt,
        last_used_at -> Nullable<BigInt>,
        setup_required_by -> Nullable<BigInt>,
        setup_reminded_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}
