extension Program {
  /// A part of a timestamp (UTC) or a duration, both in nanoseconds.
  static func timePart(_ operation: Operation, _ nanoseconds: Int64) -> Int64 {
    let second: Int64 = 1_000_000_000
    switch operation {
    case .wholeHours: return nanoseconds / (3_600 * second)
    case .wholeMinutes: return nanoseconds / (60 * second)
    case .wholeSeconds: return nanoseconds / second
    case .millisecondOfDuration: return nanoseconds % second / 1_000_000
    case .millisecondOfSecond: return floorModulo(nanoseconds, second) / 1_000_000
    default: break
    }
    let seconds = floorQuotient(nanoseconds, second)
    let ofDay = floorModulo(seconds, 86_400)
    let days = floorQuotient(seconds, 86_400)
    switch operation {
    case .secondsOfTimestamp: return seconds
    case .hourOfDay: return ofDay / 3_600
    case .minuteOfHour: return ofDay / 60 % 60
    case .secondOfMinute: return ofDay % 60
    case .dayOfWeek: return floorModulo(days + 4, 7)
    default: break
    }
    let date = CivilDate(daysSince1970: days)
    switch operation {
    case .year: return date.year
    case .month: return date.month - 1
    case .date: return date.day
    case .dayOfMonth: return date.day - 1
    default: return days - CivilDate(year: date.year, month: 1, day: 1).daysSince1970
    }
  }

  static func floorQuotient(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value + 1) / divisor - 1
  }

  static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }
}

/// A date of the Gregorian calendar; days count from 1970-01-01.
///
/// After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
struct CivilDate: Equatable {
  var year: Int64
  var month: Int64
  var day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(daysSince1970 days: Int64) {
    let shifted = days + 719_468
    let era = Program.floorQuotient(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = Program.floorQuotient(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
