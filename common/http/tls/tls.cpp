#include "common/http/tls/tls.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace bm::http {
namespace {

[[noreturn]] void failed(const std::string& what)
{
    const unsigned long code = ::ERR_get_error();
    ::ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
    throw model::Error(model::ErrorCode::InvalidInput,
                       fmt::format("{}: {}", what, reason == nullptr ? "unknown reason" : reason),
                       "the listener wants a PEM certificate (with its chain) and its unencrypted PEM key");
}

} // namespace

void SslFree::operator()(SSL* ssl) const noexcept
{
    ::SSL_free(ssl);
}

TlsContext::TlsContext(const std::string& certificateFile, const std::string& keyFile)
    : context_(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free)
{
    SSL_CTX* context = context_.get();
    if (context == nullptr || ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        failed("TLS cannot start");
    if (::SSL_CTX_use_certificate_chain_file(context, certificateFile.c_str()) != 1)
        failed("cannot use the certificate " + certificateFile);
    platform::requirePrivate(keyFile);
    if (::SSL_CTX_use_PrivateKey_file(context, keyFile.c_str(), SSL_FILETYPE_PEM) != 1 ||
        ::SSL_CTX_check_private_key(context) != 1)
        failed("cannot use the key " + keyFile);
    ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                    SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

SslPtr TlsContext::accept(int fd) const
{
    SslPtr ssl(::SSL_new(context_.get()));
    if (ssl == nullptr || ::SSL_set_fd(ssl.get(), fd) != 1)
        failed("cannot start TLS with a client");
    ::SSL_set_accept_state(ssl.get());
    return ssl;
}

} // namespace bm::http
