#pragma once
#include <string>

namespace bm::images {

/// What a config drive holds (OpenStack's layout):
/// openstack/latest/{meta_data.json,user_data,network_data.json,vendor_data.json}.
struct ConfigDrive {
    std::string metaDataJson = "{}";
    std::string userData;
    std::string networkDataJson;
    std::string vendorDataJson;
};
/// An ISO 9660 image with volume label "config-2" (libarchive), Rock Ridge and Joliet.
std::string makeConfigDrive(const ConfigDrive& drive);
/// A whole config drive as Ironic takes it: base64 of a gzipped ISO or VFAT image; gives the plain image.
/// @throws Error InvalidInput (not base64, not gzip, larger than 64 MiB unpacked)
std::string decodeConfigDrive(const std::string& base64Gzip);

} // namespace bm::images
