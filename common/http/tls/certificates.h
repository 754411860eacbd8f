#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace bm::http {

/// The files of bmd's own CA and of the server's certificate (PEM, keys 0600).
struct CertificateFiles {
    std::filesystem::path ca;
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// Makes, below @p folder, a CA (10 years) once and a server certificate (1 year, renewed when 30 days are
/// left or the names changed) for @p names (DNS names and addresses). Repeating is harmless. EC P-256, by
/// OpenSSL.
CertificateFiles ensureCertificates(const std::filesystem::path& folder,
                                    const std::vector<std::string>& names);

} // namespace bm::http
