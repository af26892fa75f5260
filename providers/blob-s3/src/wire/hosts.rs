use plugboard_http::Endpoint;

/// Where the buckets are (docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Of the service.
    pub(crate) endpoint: Endpoint,
    /// Whether a bucket is the beginning of the path, and not of the host's name.
    pub(crate) path_style: bool,
}

impl Hosts {
    /// Where requests about a bucket go. No certificate is good for a name with further dots in it.
    pub(crate) fn bucket(&self, name: &str) -> Endpoint {
        let Endpoint { https, authority, base_path } = self.endpoint.clone();
        if self.path_style || (https && name.contains('.')) {
            Endpoint { base_path: [&base_path, "/", name].concat(), https, authority }
        } else {
            Endpoint { authority: [name, ".", &authority].concat(), https, base_path }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(endpoint: &str, path_style: bool, bucket: &str) -> String {
        let hosts = Hosts { endpoint: Endpoint::parse(endpoint).unwrap(), path_style };
        let Endpoint { authority, base_path, .. } = hosts.bucket(bucket);
        authority + &base_path
    }

    #[test]
    fn a_bucket_is_a_host_or_a_path() {
        let aws = "https://s3.eu-west-1.amazonaws.com";
        assert_eq!(place(aws, false, "photos"), "photos.s3.eu-west-1.amazonaws.com");
        assert_eq!(place(aws, true, "photos"), "s3.eu-west-1.amazonaws.com/photos");
        assert_eq!(place("http://127.0.0.1:9000/s3/", true, "photos"), "127.0.0.1:9000/s3/photos");
        assert_eq!(place("http://s3.example:80/s3", false, "photos"), "photos.s3.example:80/s3");
    }

    #[test]
    fn a_name_with_a_dot_is_a_host_only_where_no_certificate_is_needed() {
        let bucket = "my.photos";
        assert_eq!(
            place("https://s3.eu-west-1.amazonaws.com", false, bucket),
            "s3.eu-west-1.amazonaws.com/my.photos"
        );
        assert_eq!(place("http://s3.example", false, bucket), "my.photos.s3.example");
    }
}
