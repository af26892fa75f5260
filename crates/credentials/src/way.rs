use plugboard_config::Settings;
use plugboard_error::Result;

/// The setting among these that authenticates: there is one of them. Companions go with some of the ways only.
pub(crate) fn read_way(
    settings: &Settings,
    ways: &[&'static str],
    companions: &[(&str, &[&str])],
) -> Result<Option<&'static str>> {
    let mut chosen = None;
    for way in ways {
        if settings.text(way)?.is_some()
            && let Some(other) = chosen.replace(*way)
        {
            let fault = ["and `", &settings.key(way), "` are both set; expected one of them"].concat();
            return Err(settings.error(other, &fault));
        }
    }
    let Some(way) = chosen else { return Ok(None) };
    for (name, ways) in companions {
        if !ways.contains(&way) && settings.text(name)?.is_some() {
            let fault = ["does not go with `", &settings.key(way), "`"].concat();
            return Err(settings.error(name, &fault));
        }
    }
    Ok(Some(way))
}
