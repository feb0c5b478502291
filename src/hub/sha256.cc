#include "hub/sha256.h"

#include <array>
#include <iterator>
#include <span>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/file.h"

namespace incipit {

Result<std::string> sha256_of(const std::filesystem::path& path) {
  INCIPIT_TRY(const MappedFile file, MappedFile::open(path));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(file.bytes().data(), file.bytes().size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    return fail("{}: OpenSSL has no SHA-256", path.string());
  std::string hex;
  for (const unsigned char byte : std::span(digest).first(size))
    fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

}  // namespace incipit
