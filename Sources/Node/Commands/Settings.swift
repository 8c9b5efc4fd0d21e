/// `martlet settings`: the reference of all settings.
enum Settings {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    switch invocation.arguments {
    case []: Terminal.print(Reference.text)
    case ["--markdown"]: Terminal.print(Reference.markdown)
    default: return Program.refuse("settings takes --markdown or nothing.")
    }
    return 0
  }
}
