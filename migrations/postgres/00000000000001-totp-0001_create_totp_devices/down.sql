DROP TABLE totp_devices;
