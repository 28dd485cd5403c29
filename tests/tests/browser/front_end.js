// The front end on the project page of drf-totp 0.1.5 (MIT), unchanged.
import axios from "axios";
// Generate TOTP
export async function generateTotp() {
try {
const response = await axios.post("/auth/otp/generate/");
const { secret, otpauth_url } = response.data;
return { secret, otpauth_url };
} catch (error) {
console.error("Error generating TOTP:", error);
throw error;
}
}
// Verify TOTP
export async function verifyTotp(token) {
try {
const response = await axios.post("/auth/otp/verify/", { token });
return response.data;
} catch (error) {
console.error("Error verifying TOTP:", error);
throw error;
}
}
// Check Status
export async function checkStatus() {
try {
const response = await axios.get("/auth/otp/status/");
return response.data;
} catch (error) {
console.error("Error checking status:", error);
throw error;
}
}
// Validate TOTP
export async function validateTotp(token) {
try {
const response = await axios.post("/auth/otp/validate/", { token });
return response.data;
} catch (error) {
console.error("Error validating TOTP:", error);
throw error;
}
}
