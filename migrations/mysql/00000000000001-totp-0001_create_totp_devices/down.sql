DROP TABLE IF EXISTS totp_devices;
