#pragma once
#include "bmd/config.h"

#include <string>

namespace bm::bmd {

/// Files that bmd creates at its first start. Each function may be called again.

/// Creates the state and run folders, 0750. @throws Error Internal with a hint
void makeFolders(const Config& config);
/// With authentication but without a users file: creates the user "admin" with a random password in
/// <state>/admin-password (0600).
void makeFirstUser(const Config& config);
/// When the operators' listener uses TLS without a configured certificate: creates bm's own CA and
/// certificate.
void useCertificates(Config& config);
/// Writes <state>/client.yaml for `bm` on this machine: endpoint, user, password file, CA. Readable by the
/// state folder's group.
void writeClientConfig(const Config& config, const std::string& endpoint);

} // namespace bm::bmd
