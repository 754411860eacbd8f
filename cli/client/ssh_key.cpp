#include "cli/client/ssh_key.h"

#include "common/model/error.h"
#include "common/platform/files.h"

namespace bm::cli {

std::string sshKey(const std::string& given)
{
    std::string text = given.starts_with("ssh-") || given.starts_with("ecdsa-") || given.starts_with("sk-")
                           ? given
                           : platform::readFile(given, 65536);
    text.erase(text.find_last_not_of(" \r\n") + 1);
    if (text.find("PRIVATE KEY") != std::string::npos)
        throw model::Error(model::ErrorCode::InvalidInput, given + " is a private key",
                           "give the public one: " + given + ".pub");
    return text;
}

} // namespace bm::cli
