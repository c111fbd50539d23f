# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host as WMI shows it: classes with every property, null ones too, since
clients fail on the first that is missing. Written from Microsoft's class pages."""
import datetime

from model import VERSIONS

V2, CIMV2 = "root/virtualization/v2", "root/cimv2"
SERVICE = "Msvm_VirtualSystemManagementService"
BALANCER = "Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryBalancer"
VM_STATS = "Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryVM"

KEYS = {
    "Msvm_ComputerSystem": ("CreationClassName", "Name"),
    "Msvm_VirtualSystemSettingData": ("InstanceID",),
    "Msvm_MemorySettingData": ("InstanceID",),
    "Msvm_ConcreteJob": ("InstanceID",),
    "Msvm_Memory": ("CreationClassName", "DeviceID", "SystemCreationClassName", "SystemName"),
    SERVICE: ("CreationClassName", "Name", "SystemCreationClassName", "SystemName"),
    "Msvm_ResourcePool": ("InstanceID",),
    "Win32_OperatingSystem": ("Name",),
    "Win32_ComputerSystem": ("Name",),
    "Win32_ComputerSystemProduct": ("IdentifyingNumber", "Name", "Version"),
    BALANCER: ("Name",),
    VM_STATS: ("Name",),
}
NAMESPACES = {c: CIMV2 if c.startswith("Win32") else V2 for c in KEYS}


def fill(names, **known):
    """All of names, null where nothing is known."""
    return {n: known.get(n) for n in names.split()} | known


ELEMENT = "Caption Description ElementName InstanceID"
SYSTEM = ELEMENT + """ AvailableRequestedStates CommunicationStatus CreationClassName Dedicated
 DetailedStatus EnabledDefault EnabledState EnhancedSessionModeState FailedOverReplicationType
 HealthState HwThreadsPerCoreRealized IdentifyingDescriptions InstallDate
 LastApplicationConsistentReplicationTime LastReplicationTime LastReplicationType
 LastSuccessfulBackupTime Name NameFormat NumberOfNumaNodes OnTimeInMilliseconds OperatingStatus
 OperationalStatus OtherDedicatedDescriptions OtherEnabledState OtherIdentifyingInfo
 PowerManagementCapabilities PrimaryOwnerContact PrimaryOwnerName PrimaryStatus ProcessID
 ReplicationHealth ReplicationMode ReplicationState RequestedState ResetCapability Roles Status
 StatusDescriptions TimeOfLastConfigurationChange TimeOfLastStateChange TransitioningToState"""
MEMORY = ELEMENT + """ Address AddressOnParent AllocationUnits AutomaticAllocation
 AutomaticDeallocation Connection ConsumerVisibility DynamicMemoryEnabled HostResource
 HugePagesEnabled IsVirtualized Limit MappingBehavior MaxMemoryBlocksPerNumaNode
 OtherResourceType Parent PoolID Reservation ResourceSubType ResourceType SgxEnabled
 SgxLaunchControlDefault SgxLaunchControlMode SgxSize SwapFilesInUse TargetMemoryBuffer
 VirtualQuantity VirtualQuantityUnits Weight"""
SETTINGS = ELEMENT + """ AdditionalRecoveryInformation AllowFullSCSICommandSet
 AutomaticRecoveryAction AutomaticShutdownAction AutomaticStartupAction
 AutomaticStartupActionDelay AutomaticStartupActionSequenceNumber BIOSGUID BIOSNumLock
 BIOSSerialNumber BaseBoardSerialNumber BootOrder ChassisAssetTag ChassisSerialNumber
 ConfigurationDataRoot ConfigurationFile ConfigurationID CreationTime DebugChannelId DebugPort
 DebugPortEnabled EnhancedSessionTransportType GuestControlledCacheTypes HighMmioGapSize
 IncrementalBackupEnabled IsSaved LocalMemoryAddress LockOnDisconnect LogDataRoot LowMmioGapSize
 NetworkBootPreferredProtocol Notes Parent PauseAfterBootFailure RecoveryFile SecureBootEnabled
 SecureBootTemplateId SnapshotDataRoot SuspendDataRoot SwapFileDataRoot TurnOffOnGuestRestart
 UserSnapshotType Version VirtualNumaEnabled VirtualSystemIdentifier VirtualSystemSubType
 VirtualSystemType"""
JOB = ELEMENT + """ CommunicationStatus DeleteOnCompletion DetailedStatus ElapsedTime ErrorCode
 ErrorDescription ErrorSummaryDescription HealthState InstallDate JobRunTimes JobState JobStatus
 JobType LocalOrUtcTime Name Notify OperatingStatus OperationalStatus OtherRecoveryAction Owner
 PercentComplete PrimaryStatus Priority RecoveryAction RunDay RunDayOfWeek RunMonth
 RunStartInterval ScheduledStartTime StartTime Status StatusDescriptions TimeBeforeRemoval
 TimeOfLastStateChange TimeSubmitted UntilTime"""
OS = """ BootDevice BuildNumber Caption CSName Description FreePhysicalMemory
 FreeSpaceInPagingFiles FreeVirtualMemory LastBootUpTime LocalDateTime Name OSType
 TotalVirtualMemorySize TotalVisibleMemorySize Version"""
COMPUTER = """ Caption DNSHostName Description Domain Manufacturer Model Name
 NumberOfLogicalProcessors NumberOfProcessors TotalPhysicalMemory"""
SUMMARY = {  # RequestedInformation code: property
    0: "Name", 1: "ElementName", 2: "CreationTime", 3: "Notes", 4: "NumberOfProcessors",
    100: "EnabledState", 101: "ProcessorLoad", 103: "MemoryUsage", 104: "Heartbeat",
    105: "UpTime", 106: "GuestOperatingSystem", 108: "HealthState", 112: "MemoryAvailable",
    113: "AvailableMemoryBuffer", 120: "ApplicationHealth", 121: "SwapFilesInUse",
    132: "MemorySpansPhysicalNumaNodes",
}


def computers(h):
    yield fill(SYSTEM, Caption="Hosting Computer System", CreationClassName="Msvm_ComputerSystem",
               ElementName=h.name, EnabledState=2, Name=h.name, RequestedState=12,
               InstallDate=None, Description="Microsoft Hosting Computer System",
               NumberOfNumaNodes=2, OperationalStatus=[2], HealthState=5,
               TimeOfLastConfigurationChange=datetime.datetime(2026, 1, 1))
    for g in h.guests:
        yield fill(SYSTEM, Caption="Virtual Machine", CreationClassName="Msvm_ComputerSystem",
                   Description="Microsoft Virtual Machine", ElementName=g.name,
                   EnabledState=g.state, EnabledDefault=2, HealthState=5, Name=g.guid,
                   NumberOfNumaNodes=1, OnTimeInMilliseconds=int(g.uptime_s * 1000),
                   OperationalStatus=[2], ProcessID=4000 + h.guests.index(g) if g.alive else None,
                   RequestedState=12, TimeOfLastConfigurationChange=g.config_time,
                   TimeOfLastStateChange=datetime.datetime(2026, 3, 9, 3, 6, 25))


def system_settings(h):
    for g in h.guests:
        yield system_setting(g, g.guid, "Microsoft:Hyper-V:System:Realized")
        for s in g.snapshots:
            yield system_setting(g, s, "Microsoft:Hyper-V:Snapshot:Realized")


def system_setting(g, guid, kind):
    return fill(SETTINGS, Caption="Virtual Machine Settings", ElementName=g.name,
                InstanceID=f"Microsoft:{guid}", VirtualSystemIdentifier=g.guid, Version=g.version,
                VirtualSystemType=kind, VirtualSystemSubType="Microsoft:Hyper-V:SubType:2",
                VirtualNumaEnabled=True, AutomaticStartupAction=2, BootOrder=[0, 1, 2, 3])


def memory_settings(h):
    for kind, size in (("Default", 512), ("Minimum", 32), ("Maximum", 1048576)):
        yield memory_setting(f"Microsoft:Definition\\4764334D-E001-4176-82EE-5594EC9B530E\\{kind}",
                             VirtualQuantity=size, Reservation=size, Limit=size, Weight=5000,
                             DynamicMemoryEnabled=False, TargetMemoryBuffer=20)
    for g in h.guests:
        for guid in [g.guid, *g.snapshots]:
            yield memory_setting(
                f"Microsoft:{guid}\\{g.device}", VirtualQuantity=g.startup, Weight=g.weight,
                Reservation=g.minimum if g.dynamic else g.startup,
                Limit=g.maximum if g.dynamic else g.startup, DynamicMemoryEnabled=g.dynamic,
                TargetMemoryBuffer=g.buffer, SwapFilesInUse=g.swap_in_use,
                HugePagesEnabled=g.huge_pages, SgxEnabled=g.sgx, SgxSize=0)


def memory_setting(instance, **known):
    return fill(MEMORY, AllocationUnits="byte * 2^20", Caption="Memory", ElementName="Memory",
                Description="Settings for Microsoft Virtual Machine Memory.", InstanceID=instance,
                IsVirtualized=True, MaxMemoryBlocksPerNumaNode=32768, PoolID="",
                ResourceSubType="Microsoft:Hyper-V:Memory", ResourceType=4,
                VirtualQuantityUnits="byte * 2^20", ConsumerVisibility=3,
                AutomaticAllocation=True, AutomaticDeallocation=True, **known)


def job(j):
    return fill(JOB, Caption="Modifying Resources", Name="Msvm_ConcreteJob", InstanceID=j.id,
                ElementName="Modifying Resources", JobState=j.state, JobType=31,
                ErrorCode=j.error, ErrorDescription=j.text, ErrorSummaryDescription=j.text,
                PercentComplete=100 if j.state != 4 else 50, LocalOrUtcTime=2, HealthState=5,
                DeleteOnCompletion=False, OperationalStatus=[2], StatusDescriptions=["OK"],
                JobStatus="Job is running" if j.state == 4 else "Job is completed",
                TimeBeforeRemoval="00000000000500.000000:000")


def memory(h):
    for g in h.guests:
        if g.alive:
            yield fill(ELEMENT + " CreationClassName DeviceID SystemCreationClassName SystemName"
                       " BlockSize NumberOfBlocks StartingAddress EndingAddress EnabledState",
                       BlockSize=1048576, NumberOfBlocks=int(g.assigned), SystemName=g.guid,
                       DeviceID=f"Microsoft:{g.guid}\\{g.device}", StartingAddress=0,
                       CreationClassName="Msvm_Memory", EnabledState=2, ElementName="Memory",
                       SystemCreationClassName="Msvm_ComputerSystem",
                       EndingAddress=int(g.assigned) * 1024 - 1)


def service(h):
    yield fill(ELEMENT + " CreationClassName Name SystemCreationClassName SystemName Started"
               " EnabledState PrimaryOwnerName", CreationClassName=SERVICE, Name="vmms",
               SystemCreationClassName="Msvm_ComputerSystem", SystemName=h.name, Started=True,
               Caption="Hyper-V Virtual System Management Service", EnabledState=5)


def pools(h):
    yield fill(ELEMENT + " AllocationUnits Capacity Reserved ResourceType ResourceSubType PoolID",
               InstanceID="Microsoft:4764334D-E001-4176-82EE-5594EC9B530E", ResourceType=4,
               AllocationUnits="Megabyte", Capacity=h.memory, PoolID="Primordial",
               Reserved=int(sum(g.assigned for g in h.guests if g.alive)))


def operating_system(h):
    yield fill(OS, CSName=h.name, Caption="Microsoft Windows Server", Version=VERSIONS[h.os],
               Name="Microsoft Windows Server|C:\\Windows|", OSType=18, LocalDateTime=h.clock,
               TotalVisibleMemorySize=h.memory * 1024,
               FreePhysicalMemory=int(h.available() + h.root / 2) * 1024)


def computer(h):
    yield fill(COMPUTER, Name=h.name, DNSHostName=h.name.lower(), Domain="WORKGROUP",
               TotalPhysicalMemory=h.memory << 20, NumberOfProcessors=2,
               NumberOfLogicalProcessors=32, Manufacturer="hvsim", Model="hvsim")


def product(h):
    yield fill("Caption Description IdentifyingNumber Name SKUNumber UUID Vendor Version",
               IdentifyingNumber="1", Name="hvsim", Vendor="hvsim", Version="1",
               UUID="7A1F0C44-52AE-4D0B-8A35-6C1D9E2F0A10")


def pressure(g):
    return round(100 * g.demand / max(g.assigned, 1))


def balancer(h):
    live = [g for g in h.guests if g.alive and g.dynamic]
    if h.balancer:
        mean = sum(pressure(g) for g in live) // len(live) if live else 0
        yield fill("AddedMemory AvailableMemory AvailableMemoryForBalancing AveragePressure"
                   " Caption Description MemoryAddOperations MemoryRemoveOperations Name"
                   " RemovedMemory SystemCurrentPressure Timestamp_Sys100NS",
                   Name="System Balancer", AvailableMemory=int(h.available()),
                   AvailableMemoryForBalancing=int(h.available()), AveragePressure=mean,
                   SystemCurrentPressure=mean)


def vm_stats(h):
    for g in h.guests:
        if g.alive and g.dynamic:
            yield fill("AddedMemory AveragePressure Caption CurrentPressure Description"
                       " GuestAvailableMemory GuestVisiblePhysicalMemory MaximumPressure"
                       " MinimumPressure Name PhysicalMemory RemovedMemory",
                       Name=g.name, CurrentPressure=pressure(g), AveragePressure=pressure(g),
                       PhysicalMemory=int(g.assigned),
                       GuestVisiblePhysicalMemory=int(g.assigned),
                       GuestAvailableMemory=max(0, int(g.assigned - g.demand)))


SOURCES = {
    "Msvm_ComputerSystem": computers, "Msvm_VirtualSystemSettingData": system_settings,
    "Msvm_MemorySettingData": memory_settings, "Msvm_Memory": memory, SERVICE: service,
    "Msvm_ConcreteJob": lambda h: map(job, h.jobs), "Msvm_ResourcePool": pools,
    "Win32_OperatingSystem": operating_system, "Win32_ComputerSystem": computer,
    "Win32_ComputerSystemProduct": product, BALANCER: balancer, VM_STATS: vm_stats,
}


def class_named(name):
    return next((c for c in SOURCES if c.lower() == name.lower()), None)


def instances(h, cls):
    with h.lock:
        return list(SOURCES[cls](h))


def associated(h, cls, keys, result):
    """ASSOCIATORS OF a VM: its settings; of its settings: its memory settings."""
    key = next(iter(v for k, v in keys.items() if k.lower() in ("name", "instanceid")), "").upper()
    if cls.lower() == "msvm_computersystem":
        found = [(o, "Msvm_VirtualSystemSettingData")
                 for o in instances(h, "Msvm_VirtualSystemSettingData")
                 if o["InstanceID"].upper() == f"MICROSOFT:{key}"]
    elif cls.lower() == "msvm_virtualsystemsettingdata":
        found = [(o, "Msvm_MemorySettingData") for o in instances(h, "Msvm_MemorySettingData")
                 if o["InstanceID"].upper().startswith(key + "\\")]
    else:
        found = []
    return [(o, c) for o, c in found if not result or c.lower() == result.lower()]


def summaries(h, codes, guids=None):
    """GetSummaryInformation: only what was asked for is not null."""
    with h.lock:
        for g in h.guests:
            if guids is not None and g.guid.upper() not in guids:
                continue
            known = {"Name": g.guid, "ElementName": g.name, "NumberOfProcessors": 2,
                     "EnabledState": g.state, "ProcessorLoad": 3, "HealthState": 5,
                     "MemoryUsage": int(g.assigned) if g.alive else 0,
                     "Heartbeat": 2 if g.alive and g.driver else 13,
                     "UpTime": int(g.uptime_s * 1000) if g.alive else 0,
                     "GuestOperatingSystem": "Linux", "ApplicationHealth": 2,
                     "MemoryAvailable": g.memory_available(),
                     "AvailableMemoryBuffer": g.available_buffer(),
                     "SwapFilesInUse": g.swap_in_use, "MemorySpansPhysicalNumaNodes": False}
            asked = {SUMMARY[c] for c in codes if c in SUMMARY}
            yield {n: known.get(n) if n in asked else None
                   for n in sorted(set(SUMMARY.values()) | {"InstanceID", "AllocatedGPU"})}
