#include "common/http/tls/x509.h"

#include "common/model/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <optional>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::chrono::hours kClockSkew{24}; ///< the clock of a booting machine may be slow

void check(bool fine, const char* what, ErrorCode code = ErrorCode::Internal)
{
    if (fine)
        return;
    const unsigned long reason = ::ERR_get_error();
    const char* text = reason == 0 ? nullptr : ::ERR_reason_error_string(reason);
    ::ERR_clear_error();
    throw Error(code, fmt::format("{}: {}", what, text == nullptr ? "OpenSSL gives no reason" : text));
}

using BioPtr = std::unique_ptr<BIO, int (*)(BIO*)>;
using AddressBytes = std::vector<unsigned char>;

std::optional<AddressBytes> addressBytes(const std::string& text)
{
    AddressBytes bytes(16);
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1)
        return bytes;
    bytes.resize(4);
    return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ? std::optional(bytes) : std::nullopt;
}

std::string addressText(const unsigned char* bytes, std::size_t length)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const char* result = ::inet_ntop(length == 16 ? AF_INET6 : AF_INET, bytes, text.data(),
                                     static_cast<socklen_t>(text.size()));
    return result == nullptr ? std::string() : std::string(result);
}

KeyPtr makeKey()
{
    KeyPtr key(::EVP_EC_gen("P-256"), ::EVP_PKEY_free);
    check(key != nullptr, "cannot make an EC key");
    return key;
}

void addExtension(X509* certificate, X509* issuer, int id, const std::string& value)
{
    X509V3_CTX context;
    ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        ::X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()), ::X509_EXTENSION_free);
    check(extension != nullptr && ::X509_add_ext(certificate, extension.get(), -1) == 1,
          "cannot write a certificate's extension");
}

void setSerial(X509* certificate)
{
    std::array<unsigned char, 16> bytes{};
    check(::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "no random numbers");
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40); // positive, of full length
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(
        ::BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), ::BN_free);
    check(::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(certificate)) != nullptr,
          "cannot set a certificate's serial number");
}

void setSubject(X509* certificate, const std::string& name)
{
    const std::string text = name.substr(0, 64); // ub-common-name, RFC 5280
    check(::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0) == 1,
          "cannot name a certificate");
}

CertificatePtr blankCertificate(const KeyPtr& key, const std::string& name, std::chrono::hours life)
{
    CertificatePtr certificate(::X509_new(), ::X509_free);
    check(certificate != nullptr, "cannot make a certificate");
    X509* raw = certificate.get();
    ::X509_set_version(raw, X509_VERSION_3);
    setSerial(raw);
    const auto seconds = [](std::chrono::hours span) {
        return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(span).count());
    };
    ::X509_gmtime_adj(::X509_getm_notBefore(raw), -seconds(kClockSkew));
    ::X509_gmtime_adj(::X509_getm_notAfter(raw), seconds(life));
    check(::X509_set_pubkey(raw, key.get()) == 1, "cannot set a certificate's key");
    setSubject(raw, name);
    return certificate;
}

void sign(const CertificatePtr& certificate, const KeyPtr& key)
{
    check(::X509_sign(certificate.get(), key.get(), ::EVP_sha256()) != 0, "cannot sign a certificate");
}

std::string textOf(const BioPtr& bio)
{
    char* bytes = nullptr;
    const long length = ::BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(length)};
}

BioPtr bioOf(std::string_view text)
{
    return {::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), ::BIO_free};
}

std::string alternativeNames(const std::vector<std::string>& names)
{
    std::string value;
    for (const std::string& name : names) {
        const bool isAddress = addressBytes(name).has_value();
        if (!isAddress && (name.empty() || name.find_first_of(",: \n") != std::string::npos))
            throw Error(ErrorCode::InvalidInput, fmt::format("\"{}\" is not a host name or address", name));
        value += fmt::format("{}{}:{}", value.empty() ? "" : ",", isAddress ? "IP" : "DNS", name);
    }
    return value;
}

} // namespace

Identity makeCa(std::chrono::hours life)
{
    const KeyPtr key = makeKey();
    const CertificatePtr certificate = blankCertificate(key, "bm CA", life);
    X509* raw = certificate.get();
    ::X509_set_issuer_name(raw, ::X509_get_subject_name(raw));
    addExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    addExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
    addExtension(raw, raw, NID_subject_key_identifier, "hash");
    sign(certificate, key);
    return {certificate, key};
}

Identity makeServer(const Identity& ca, const std::vector<std::string>& names, std::chrono::hours life)
{
    const KeyPtr key = makeKey();
    const CertificatePtr certificate = blankCertificate(key, names.empty() ? "bm" : names.front(), life);
    X509* raw = certificate.get();
    X509* issuer = ca.certificate.get();
    ::X509_set_issuer_name(raw, ::X509_get_subject_name(issuer));
    addExtension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE");
    addExtension(raw, issuer, NID_key_usage, "critical,digitalSignature");
    addExtension(raw, issuer, NID_ext_key_usage, "serverAuth");
    addExtension(raw, issuer, NID_subject_key_identifier, "hash");
    addExtension(raw, issuer, NID_authority_key_identifier, "keyid");
    if (!names.empty())
        addExtension(raw, issuer, NID_subject_alt_name, alternativeNames(names));
    sign(certificate, ca.key);
    return {certificate, key};
}

bool belongTogether(const Identity& identity)
{
    const bool result = ::X509_check_private_key(identity.certificate.get(), identity.key.get()) == 1;
    ::ERR_clear_error();
    return result;
}

bool isSignedBy(const CertificatePtr& certificate, const Identity& ca)
{
    const bool result = ::X509_verify(certificate.get(), ca.key.get()) == 1;
    ::ERR_clear_error();
    return result;
}

bool lastsLongerThan(const CertificatePtr& certificate, std::chrono::hours span)
{
    std::time_t limit = std::time(nullptr) + std::chrono::seconds(span).count();
    return ::X509_cmp_time(::X509_get0_notAfter(certificate.get()), &limit) > 0;
}

std::vector<std::string> namesOf(const CertificatePtr& certificate)
{
    const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> found(
        static_cast<GENERAL_NAMES*>(
            ::X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
        ::GENERAL_NAMES_free);
    std::vector<std::string> names;
    for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
        const ASN1_STRING* text = name->type == GEN_IPADD ? name->d.iPAddress : name->d.dNSName;
        const unsigned char* bytes = ::ASN1_STRING_get0_data(text);
        const auto length = static_cast<std::size_t>(::ASN1_STRING_length(text));
        if (name->type == GEN_IPADD)
            names.push_back(addressText(bytes, length));
        else if (name->type == GEN_DNS)
            names.emplace_back(reinterpret_cast<const char*>(bytes), length);
    }
    return sortedNames(names);
}

std::vector<std::string> sortedNames(const std::vector<std::string>& names)
{
    std::vector<std::string> sorted;
    for (const std::string& name : names) {
        const std::optional<AddressBytes> address = addressBytes(name);
        sorted.push_back(address ? addressText(address->data(), address->size()) : name);
    }
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    return sorted;
}

std::string keyToPem(const KeyPtr& key)
{
    const BioPtr bio(::BIO_new(::BIO_s_mem()), ::BIO_free);
    check(::PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "cannot write a key");
    return textOf(bio);
}

std::string certificateToPem(const CertificatePtr& certificate)
{
    const BioPtr bio(::BIO_new(::BIO_s_mem()), ::BIO_free);
    check(::PEM_write_bio_X509(bio.get(), certificate.get()) == 1, "cannot write a certificate");
    return textOf(bio);
}

KeyPtr keyFromPem(std::string_view pem)
{
    const BioPtr bio = bioOf(pem);
    KeyPtr key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), ::EVP_PKEY_free);
    check(key != nullptr, "not a PEM key", ErrorCode::InvalidInput);
    return key;
}

CertificatePtr certificateFromPem(std::string_view pem)
{
    const BioPtr bio = bioOf(pem);
    CertificatePtr certificate(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), ::X509_free);
    check(certificate != nullptr, "not a PEM certificate", ErrorCode::InvalidInput);
    return certificate;
}

} // namespace bm::http
