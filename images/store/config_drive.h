#pragma once
#include <string>

namespace bm::images {

/// The content of a config drive in OpenStack's layout:
/// openstack/latest/{meta_data.json,user_data,network_data.json,vendor_data.json}.
struct ConfigDrive {
    std::string metaDataJson = "{}";
    std::string userData;
    std::string networkDataJson;
    std::string vendorDataJson;
};
/// Creates an ISO 9660 image with volume label "config-2" (libarchive), Rock Ridge and Joliet.
std::string makeConfigDrive(const ConfigDrive& drive);
/// Decodes a complete config drive in Ironic's form: base64 of a gzipped ISO or VFAT image. @return the plain
/// image
/// @throws Error InvalidInput (not base64, not gzip, larger than 64 MiB unpacked)
std::string decodeConfigDrive(const std::string& base64Gzip);

} // namespace bm::images
