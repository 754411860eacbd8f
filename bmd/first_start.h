#pragma once
#include "bmd/config.h"

#include <string>

namespace bm::bmd {

/// What a first start makes and later ones find; each may be repeated.

/// State and run folders, 0750. @throws Error Internal with a hint when they cannot be made
void makeFolders(const Config& config);
/// With authentication on and no users file: user "admin" with a random password in <state>/admin-password
/// (0600).
void makeFirstUser(const Config& config);
/// Where the operators' listener speaks TLS and no certificate is given: a CA and certificate of bm's own.
void useCertificates(Config& config);
/// <state>/client.yaml for `bm` on this machine: endpoint, user, password file, CA. Readable by who may read
/// the state.
void writeClientConfig(const Config& config, const std::string& endpoint);

} // namespace bm::bmd
