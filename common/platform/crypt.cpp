#include "common/platform/crypt.h"

#include "common/model/error.h"

#include <crypt.h>
#include <memory>

namespace bm::platform {

std::string cryptPassword(const std::string& password)
{
    const auto data = std::make_unique<crypt_data>(); // 32 KiB
    std::string salt(CRYPT_GENSALT_OUTPUT_SIZE, '\0');
    if (crypt_gensalt_rn("$6$", 0, nullptr, 0, salt.data(), static_cast<int>(salt.size())) == nullptr)
        throw model::Error(model::ErrorCode::Internal, "this system's crypt has no SHA-512");
    const char* const hash = crypt_r(password.c_str(), salt.c_str(), data.get());
    if (hash == nullptr || hash[0] == '*')
        throw model::Error(model::ErrorCode::Internal, "this system's crypt refuses the password");
    return hash;
}

} // namespace bm::platform
