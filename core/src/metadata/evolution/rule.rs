//! The rules of evolution in words: what a change breaks, and the way out.

macro_rules! rules {
    ($($name:ident: $broken:literal => $way_out:literal,)*) => {
        $(pub(in crate::metadata) const $name: &str = $broken;)*

        /// What to do instead of a change that broke a rule; empty for what is no rule.
        pub(in crate::metadata) fn way_out(broken: &str) -> &'static str {
            match broken {
                $($name => $way_out,)*
                _ => "",
            }
        }
    };
}

rules! {
    VERSION_FELL: "the version must grow"
        => "set a greater version",
    UNSPLIT: "records are split already and must stay so"
        => "leave the splitting of long records on",
    SPLIT: "splitting of long records may not be turned on"
        => "set allow_unsplit_to_split, if every store has format 5 or later",
    OLD_UNION_FIELD: "a field of the old union is no message"
        => "mend the stored meta-data",
    NEW_UNION_FIELD: "a field of the new union is no message"
        => "give the union fields of message types only",
    REMOVED_FROM_UNION: "a record type was removed from the union: its records may be stored"
        => "keep its message; once its records are deleted, drop it with drop_type",
    TYPE_BECAME_TWO: "one record type became two"
        => "give the new record type a union field of its own",
    TYPES_BECAME_ONE: "two record types became one"
        => "keep both messages",
    TYPE_RENAMED: "a record type was renamed"
        => "keep the name, or do not set disallow_type_renames",
    TYPE_REMOVED: "a record type was removed"
        => "keep it; once its records are deleted, drop it with drop_type",
    SINCE_VERSION: "the version that brought a record type changed"
        => "keep the version",
    PRIMARY_KEY: "the primary key of a record type changed: records are stored under it"
        => "keep the key, or copy the records into a new record type",
    RECORD_TYPE_KEY: "the record type key changed: records are stored under it"
        => "keep the key, or copy the records into a new record type",
    NO_SINCE_VERSION: "a new record type does not say which version brought it"
        => "set its since_version, or allow_no_since_version",
    OLD_SINCE_VERSION: "a new record type says that it is not new"
        => "let its since_version be the new version",
    INDEX_GONE: "an index is gone and is no former index"
        => "remove it with remove_index or drop_index",
    INDEX_NOT_NEW: "a new index says that it is not new"
        => "let its last-modified version be the new version",
    FORMER_NOT_NEW: "a new former index says that it was removed earlier"
        => "let its removed version be the new version",
    FORMER_OF_NOTHING: "a former index that never was says that it was added earlier"
        => "set allow_older_former_index_added_versions, or a later added version",
    FORMER_NAME: "a former index has another name than the index had"
        => "keep the name; without any, set allow_missing_former_index_names",
    FORMER_YOUNGER: "a former index was added later than the index"
        => "keep the added version of the index",
    FORMER_OLDER: "a former index was added earlier than the index"
        => "keep the added version of the index, or set allow_older_former_index_added_versions",
    FORMER_BEFORE_CHANGE: "a former index was removed before the index was last changed"
        => "let its removed version be the new version",
    FORMER_KEY_USED: "the key of a former index is used by a new one: stores may have entries of the old one"
        => "give the new index another subspace key",
    FORMER_FORGOTTEN: "a former index was forgotten: stores may have its entries"
        => "keep the former index",
    FORMER_REMOVED_VERSION: "the version that removed a former index changed"
        => "keep the former index as it is",
    FORMER_ADDED_VERSION: "the version that added a former index changed"
        => "keep the former index as it is",
    FORMER_RENAMED: "the name of a former index changed"
        => "keep the former index as it is",
    SYNTAX: "the syntax of a message's file changed"
        => "keep the syntax",
    FIELD_REMOVED: "a field was removed"
        => "keep it and mark it deprecated",
    REQUIRED_ADDED: "a required field was added: stored records do not have it"
        => "make it optional",
    FIELD_RENAMED: "a field was renamed"
        => "keep the name, or set allow_field_renames",
    UNDEPRECATED: "a deprecated field came back into use"
        => "leave it deprecated, or set allow_undeprecating_fields",
    FIELD_TYPE: "the type of a field changed"
        => "keep the field and add one of the new type under a new number",
    NO_LONGER_REQUIRED: "a field is no longer required"
        => "keep it required",
    NO_LONGER_REPEATED: "a field is no longer repeated"
        => "keep the field and add one that is not repeated under a new number",
    PRESENCE: "a field no longer tells a missing value from a default one as it did"
        => "keep the word optional as it is",
    ENUM_VALUE_REMOVED: "a value of an enum was removed"
        => "keep the value",
    INDEX_TYPE: "the type of an index changed"
        => "give the new index another name and drop the old one",
    INDEX_POSITIONS: "an index has other columns in common with the primary key: its entries look otherwise"
        => "give the new index another name and drop the old one",
    INDEX_VERSION_FELL: "the last-modified version of an index fell"
        => "keep the version, or a greater one",
    INDEX_REDEFINED: "an index is defined anew"
        => "allow its rebuild (allow_index_rebuilds), or give the new one another name and drop the old one",
    INDEX_KEYS_DIFFER: "renamed fields would give an index another key for each of its types"
        => "rename the fields alike in all types of the index",
    INDEX_KEY: "the key expression of an index changed"
        => "give the new index another name and drop the old one",
    INDEX_RENAMED: "an index was renamed: its state is kept by name"
        => "keep the name, or drop the index and add another",
    INDEX_ADDED_VERSION: "the version that added an index changed"
        => "keep the version",
    INDEX_LOST_TYPE: "an index is no longer over one of its record types"
        => "give the new index another name and drop the old one",
    INDEX_GAINED_TYPE: "an index is over another record type that is not new: its records are not in it"
        => "give the new index another name and drop the old one",
    INDEX_OPTION: "an option of an index changed that its entries depend on"
        => "allow its rebuild (allow_index_rebuilds), or give the new index another name and drop the old one",
    KEY_FIELD_GONE: "a field of a key is in one of the two messages only"
        => "keep the field",
    KEY_NOT_MESSAGE: "a key nests in a field that is no message"
        => "keep the message",
}
