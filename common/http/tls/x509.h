#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using EVP_PKEY = struct evp_pkey_st;
using X509 = struct x509_st;

namespace bm::http {

using KeyPtr = std::shared_ptr<EVP_PKEY>;
using CertificatePtr = std::shared_ptr<X509>;

struct Identity {
    CertificatePtr certificate;
    KeyPtr key;
};

/// EC P-256, signed with SHA-256. @throws Error Internal
Identity makeCa(std::chrono::hours life);
/// @p names become the subject's alternative names: addresses as such, all else as DNS names.
Identity makeServer(const Identity& ca, const std::vector<std::string>& names, std::chrono::hours life);

bool belongTogether(const Identity& identity);
bool isSignedBy(const CertificatePtr& certificate, const Identity& ca);
bool lastsLongerThan(const CertificatePtr& certificate, std::chrono::hours span);
/// The alternative names, in the order of sortedNames.
std::vector<std::string> namesOf(const CertificatePtr& certificate);
/// Sorts, removes doubles, writes addresses in their canonical form.
std::vector<std::string> sortedNames(const std::vector<std::string>& names);

std::string keyToPem(const KeyPtr& key);
std::string certificateToPem(const CertificatePtr& certificate);
/// @throws Error InvalidInput
KeyPtr keyFromPem(std::string_view pem);
CertificatePtr certificateFromPem(std::string_view pem);

} // namespace bm::http
