#pragma once
#include <memory>
#include <string>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace bm::http {

struct SslFree {
    void operator()(SSL* ssl) const noexcept;
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

/// The server's side of TLS 1.2 and 1.3. Thread-safe after construction.
class TlsContext {
public:
    /// @throws Error InvalidInput when the files cannot be read or do not belong together
    TlsContext(const std::string& certificateFile, const std::string& keyFile);
    /// For an accepted, non-blocking socket, which the caller owns.
    SslPtr accept(int fd) const;

private:
    std::shared_ptr<SSL_CTX> context_;
};

} // namespace bm::http
