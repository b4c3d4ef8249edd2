#pragma once
// HMAC-SHA-256 for the bench: OpenSSL's, or, with FACEGATE_NO_OPENSSL, a small one of our own, for targets for which
// there is no OpenSSL. The shared vectors, whose MACs the openssl tool made, hold the two together.
#include <cstdint>
#include <string>

#ifndef FACEGATE_NO_OPENSSL
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace bench {

inline std::string hmac(const std::string &key, const std::string &data) {
  uint8_t out[32];
  unsigned size = sizeof(out);
  ::HMAC(EVP_sha256(), key.data(), int(key.size()), reinterpret_cast<const uint8_t *>(data.data()), data.size(), out,
         &size);
  return std::string(reinterpret_cast<char *>(out), size);
}

}  // namespace bench

#else

namespace bench {

inline uint32_t turned(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

// FIPS 180-4, in its own names.
inline std::string sha256(std::string message) {
  static constexpr uint32_t K[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t H[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const uint64_t bits = uint64_t(message.size()) * 8;
  message += '\x80';
  message.append((120 - message.size() % 64) % 64, '\0');
  for (int shift = 56; shift >= 0; shift -= 8)
    message += char(bits >> shift);
  for (size_t block = 0; block < message.size(); block += 64) {
    uint32_t W[64];
    for (size_t t = 0; t < 64; t++) {
      if (t < 16) {
        W[t] = 0;
        for (size_t i = 0; i < 4; i++)
          W[t] = W[t] << 8 | uint8_t(message[block + 4 * t + i]);
      } else {
        const uint32_t s0 = turned(W[t - 15], 7) ^ turned(W[t - 15], 18) ^ W[t - 15] >> 3;
        const uint32_t s1 = turned(W[t - 2], 17) ^ turned(W[t - 2], 19) ^ W[t - 2] >> 10;
        W[t] = W[t - 16] + s0 + W[t - 7] + s1;
      }
    }
    uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (size_t t = 0; t < 64; t++) {
      const uint32_t S1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const uint32_t T1 = h + S1 + ((e & f) ^ (~e & g)) + K[t] + W[t];
      const uint32_t S0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const uint32_t T2 = S0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + T1, d = c, c = b, b = a, a = T1 + T2;
    }
    const uint32_t last[8] = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; i++)
      H[i] += last[i];
  }
  std::string out;
  for (const uint32_t word : H) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out += char(word >> shift);
  }
  return out;
}

// RFC 2104; no key here is longer than a block.
inline std::string hmac(const std::string &key, const std::string &data) {
  std::string inner(64, '\x36'), outer(64, '\x5c');
  for (size_t i = 0; i < key.size(); i++) {
    inner[i] = char(inner[i] ^ key[i]);
    outer[i] = char(outer[i] ^ key[i]);
  }
  return sha256(outer + sha256(inner + data));
}

}  // namespace bench

#endif
