/// What a file's bytes are, by the marks at their beginning; what a client says of them or its name is never asked.
///
/// HTML, SVG and scripts are plain text here: nothing that a browser would run is known by its own type.
///
/// - Source: the formats' own documents; WHATWG MIME Sniffing section 6 for images.
public enum FileType: String, Sendable, CaseIterable {
  case png = "image/png"
  case jpeg = "image/jpeg"
  case gif = "image/gif"
  case webp = "image/webp"
  case pdf = "application/pdf"
  case mp3 = "audio/mpeg"
  case wav = "audio/wav"
  case ogg = "audio/ogg"
  case flac = "audio/flac"
  case m4a = "audio/mp4"
  case mp4 = "video/mp4"
  case webm = "video/webm"
  case docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
  case oldOffice = "application/x-ole-storage"
  case zip = "application/zip"
  case gzip = "application/gzip"
  case text = "text/plain; charset=utf-8"
  case unknown = "application/octet-stream"

  /// Whether a browser may show it beside the page rather than save it: raster images only.
  public var isShownInline: Bool {
    switch self {
    case .png, .jpeg, .gif, .webp: true
    default: false
    }
  }

  /// A mark: bytes at a place.
  private struct Mark {
    let type: FileType
    let at: Int
    let bytes: [UInt8]

    init(_ type: FileType, _ bytes: [UInt8], at: Int = 0) {
      self.type = type
      self.at = at
      self.bytes = bytes
    }

    init(_ type: FileType, _ text: StaticString, at: Int = 0) {
      self.init(type, text.withUTF8Buffer { Array($0) }, at: at)
    }

    func stands(in bytes: ArraySlice<UInt8>) -> Bool { bytes.dropFirst(at).starts(with: self.bytes) }
  }

  /// The first that stands decides.
  private static let marks = [
    Mark(.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), Mark(.jpeg, [0xFF, 0xD8, 0xFF]),
    Mark(.gif, "GIF87a"), Mark(.gif, "GIF89a"), Mark(.webp, "WEBPVP", at: 8), Mark(.wav, "WAVE", at: 8),
    Mark(.pdf, "%PDF-"), Mark(.mp3, "ID3"), Mark(.ogg, "OggS\0"), Mark(.flac, "fLaC"), Mark(.m4a, "ftypM4A", at: 4),
    Mark(.mp4, "ftyp", at: 4), Mark(.webm, [0x1A, 0x45, 0xDF, 0xA3]), Mark(.zip, [0x50, 0x4B, 0x03, 0x04]),
    Mark(.oldOffice, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), Mark(.gzip, [0x1F, 0x8B, 0x08]),
  ]

  /// Bytes in which a Word document names its parts: the local headers of its first entries.
  private static let headBytes = 4_096

  /// What the bytes are.
  public init(sniffing bytes: ArraySlice<UInt8>) {
    let head = bytes.prefix(FileType.headBytes)
    guard let mark = FileType.marks.first(where: { $0.stands(in: head) }), FileType.fits(mark.type, head) else {
      self = FileType.isFrameOfMP3(head) ? .mp3 : FileType.isText(bytes) ? .text : .unknown
      return
    }
    self = mark.type == .zip && FileType.isDocument(head) ? .docx : mark.type
  }

  /// WAV and WebP stand in a RIFF.
  private static func fits(_ type: FileType, _ head: ArraySlice<UInt8>) -> Bool {
    guard type == .wav || type == .webp else { return true }
    return head.starts(with: "RIFF".utf8)
  }

  /// An MPEG audio frame of layer III without a tag before it, with a bit rate and sampling rate that exist.
  private static func isFrameOfMP3(_ head: ArraySlice<UInt8>) -> Bool {
    let bytes = Array(head.prefix(3))
    guard bytes.count == 3, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2, bytes[1] & 0x18 != 0x08 else { return false }
    let rate = bytes[2] >> 4
    return rate != 0 && rate != 15 && bytes[2] & 0x0C != 0x0C
  }

  private static func isDocument(_ head: ArraySlice<UInt8>) -> Bool {
    let name = Array("word/".utf8)
    let hasContents = head.dropFirst(30).starts(with: "[Content_Types].xml".utf8)
    return hasContents && head.indices.contains { head[$0...].starts(with: name) }
  }

  /// UTF-8 without control characters but line ends, tabs and form feeds.
  private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
    for byte in bytes where byte < 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 && byte != 0x0C { return false }
    return String(validating: bytes, as: UTF8.self) != nil
  }
}
